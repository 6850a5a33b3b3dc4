"""Pictures between two pictures of a video: where everything moves, what stands at a moment, and how it is drawn."""
