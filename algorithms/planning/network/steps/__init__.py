"""The parameters of each step of the whole network, and the choices read from them."""
