"""Each verb's options. A verb imports its side only when it is called."""
