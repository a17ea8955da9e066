"""The AWS the tests talk to: moto in this process, plus rules of the real service moto lacks."""
