"""Which keys sealed this database: one row per key ever used, so that wrong keys are noticed before any harm."""

from tortoise import fields
from tortoise.models import Model

from models.columns import KeyRing, SealBroken, SealedText, blind_index
from models.store import insert_once

_WORD = "通办"


class SealCheck(Model):
    """A word sealed with the key named ``key_id``, and the blind index of the same word."""

    key_id = fields.CharField(primary_key=True, max_length=255)
    word = SealedText()
    word_index = fields.CharField(max_length=64)

    class Meta:
        table = "seal_check"


class WrongKeys(Exception):
    """This database was sealed with keys that the ring lacks; the sentence is for operators."""


async def check_keys(keyring: KeyRing) -> None:
    """See that the installed ring opens whatever was sealed here, and note its current key. Raises ``WrongKeys``."""
    try:
        rows = await SealCheck.all()
    except SealBroken as error:
        raise WrongKeys(
            f"The database was sealed with other keys ({error}). Start with the key ring it was made with."
        ) from error
    word_index = blind_index(_WORD, "seal_check.word")
    if any(row.word_index != word_index for row in rows):
        raise WrongKeys("The database was made with another index key: nobody could be found in it with this one.")
    if all(row.key_id != keyring.current for row in rows):
        await insert_once(SealCheck, key_id=keyring.current, word=_WORD, word_index=word_index)


async def forget_old_keys(keyring: KeyRing) -> None:
    """After every value was moved to the current key: the others are no longer needed to open this database."""
    await SealCheck.filter(key_id__not=keyring.current).delete()
