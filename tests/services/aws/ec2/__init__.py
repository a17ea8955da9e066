"""Rules of EC2 that moto lacks, laid over its responses by inheritance."""
