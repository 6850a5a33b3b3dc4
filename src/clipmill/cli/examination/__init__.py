"""What `clipmill doctor` tries out."""
