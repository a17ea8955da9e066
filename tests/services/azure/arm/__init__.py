"""What every resource provider shares: addresses, schemas, operations, paging, errors."""
