"""The window's commands: what each does, by noun, and the table that names them all."""
