"""The callback of the Official Account, pushed to as WeChat does."""
