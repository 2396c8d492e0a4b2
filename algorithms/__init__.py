"""The Processing tools; each wraps one function of the core."""
