"""The window's commands, one file per noun, and the table that lists them all."""
