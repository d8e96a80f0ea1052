"""What the forms of APIs, clients and providers refuse, warn of and entail."""
