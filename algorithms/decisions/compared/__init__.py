"""Reading the runs that are compared, and what is said of them."""
