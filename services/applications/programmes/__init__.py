"""Programmes (사업): every version of their definitions, and drafts sent out for consultation."""
