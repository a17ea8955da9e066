from tests.services.aws.fixture import aws, aws_process

__all__ = ["aws", "aws_process"]
