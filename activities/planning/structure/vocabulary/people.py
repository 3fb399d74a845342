"""Words for people in a film, as parts of regular expressions, without case."""

from typing import Final

INTERVIEW: Final = (
    r"sot|sync|sound ?bite|interview|itw|itv|vox ?pop|o-?ton|statement|sonore|interview\w*|total(?=\\s*[,:(–—-])|"
    r"declaraciones|entrevista|intervista|sonora|entrevistad[oa]|testimonial|testimonio|testimonianza|depoimento|"
    r"quote|wypowiedź|setka|röst|синхрон|снх|интервью|інтерв['’]ю|röportaj|مقابلة|لقاء|采访|同期声?|"
    r"インタビュー|인터뷰"
)
"""Labels before the name of somebody who is interviewed."""
