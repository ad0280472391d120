"""Flask: one blueprint, one template folder and one test file for each subject."""
