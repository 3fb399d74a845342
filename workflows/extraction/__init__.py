"""Typed fields of documents: their schemas, values, rules and confidence. Pure; numbers are Decimal, never float."""
