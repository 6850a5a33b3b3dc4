"""What a video function is: its request, its result, its needs and the little it may see of the world."""
