"""What carries out the steps of a plan. Only here may a workflow engine be imported."""
