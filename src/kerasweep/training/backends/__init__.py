"""What a program is compiled and run with: TensorFlow or JAX, and this process."""
