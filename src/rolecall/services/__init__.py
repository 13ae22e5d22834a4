"""The use cases, one function each; who may do what is decided here and nowhere else."""
