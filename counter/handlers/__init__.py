"""What each route does: take the form apart, call one act, show the page."""
