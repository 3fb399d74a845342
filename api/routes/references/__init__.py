"""References: uploaded before the brief, whole or in parts; and what was read in those of a production."""

from fastapi import APIRouter

from api.routes.references import analyses, resumable, uploads

router = APIRouter()
router.include_router(uploads.router)
router.include_router(resumable.router)
router.include_router(analyses.router)
