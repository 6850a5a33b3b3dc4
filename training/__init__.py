"""What the project trains itself."""
