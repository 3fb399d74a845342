"""Uploads of references in parts, and what was read in the references of a production."""

from fastapi import APIRouter

from api.routes.read_references import analyses, resumable

router = APIRouter()
router.include_router(resumable.router)
router.include_router(analyses.router)
