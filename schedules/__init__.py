"""How a kernel is computed: the default schedules and the functions that apply them."""
