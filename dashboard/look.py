"""How the pages look: Streamlit's theme options, the style sheet of the tables, and the colours that charts share.

Results are told by sign and word; colour only supports them. Every text colour here has a contrast of at least 4.5 : 1
on its own background (WCAG 2.2, success criterion 1.4.3).
"""

FONT = "'Noto Sans CJK KR', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"

INK = "#1B2430"
ACCENT = "#1F4E79"
GOOD = "#0B5E44"
BAD = "#A3231B"
OPEN = "#7A4B00"
QUIET = "#565E66"

#: For the parts of a total: distinct in lightness too, so that they stay apart in grey.
PART_COLOURS = ["#1F4E79", "#6FA3CF", "#C9DDEE", "#9A8BB5", "#D9A441", "#5B8C7B"]

THEME: dict[str, str] = {
    "base": "light",
    "font": FONT,
    "headingFont": FONT,
    "primaryColor": ACCENT,
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F3F6F9",
    "textColor": INK,
    "borderColor": "#D5DCE3",
    "baseRadius": "small",
    "dataframeHeaderBackgroundColor": "#EAF0F5",
    "baseFontSize": "15",
}

STYLE_SHEET = f"""<style>
[data-testid="stMainBlockContainer"] {{ padding: 2.6rem 3rem; max-width: 84rem; }}
[data-testid="stMain"] h1 {{ font-size: 2.1rem; padding: 0.6rem 0 0.2rem; }}
[data-testid="stMain"] h2 {{ font-size: 1.45rem; padding: 1.1rem 0 0.5rem; }}
[data-testid="stMain"] h3 {{ font-size: 1.12rem; padding: 0.6rem 0 0.3rem; }}
[data-testid="stMain"] a {{ color: {ACCENT}; }}
[data-testid="stColumn"]:has(.gw-result) {{ position: sticky; top: 3.5rem; align-self: flex-start; }}
.gw-programme {{ font-weight: 600; }}
.gw-note {{ border-left: 6px solid {ACCENT}; background: #EAF0F5; padding: 0.5rem 0.9rem; border-radius: 4px; }}
.gw-second {{ color: {QUIET}; font-size: 0.92em; }}
.gw-banner {{ border-left: 6px solid {OPEN}; background: #FFF4DC; color: #4A2E00; padding: 0.55rem 0.9rem;
  border-radius: 4px; font-weight: 600; margin-bottom: 0.3rem; }}
.gw-banner .gw-second, .gw-whatif .gw-second {{ color: inherit; font-weight: 400; }}
.gw-whatif {{ border: 2px dashed #6A2C91; background: #F6EDFB; color: #3F1759; padding: 0.6rem 0.9rem;
  border-radius: 4px; font-weight: 600; }}
.gw-mark {{ display: inline-block; border: 1px solid {OPEN}; color: {OPEN}; border-radius: 4px; padding: 0 0.4em;
  font-size: 0.8em; font-weight: 600; background: #FFF9EC; }}
.gw-mark-whatif {{ border: 1px dashed #6A2C91; color: #6A2C91; background: #F6EDFB; }}
.gw-chip {{ display: inline-block; border-radius: 4px; padding: 0.05em 0.5em; font-weight: 600; white-space: nowrap;
  border: 1px solid currentColor; }}
.gw-chip .gw-second {{ color: inherit; font-weight: 400; }}
.gw-good {{ color: {GOOD}; background: #E7F4EE; }}
.gw-bad {{ color: {BAD}; background: #FCEBE9; }}
.gw-open {{ color: {OPEN}; background: #FFF4DC; }}
.gw-quiet {{ color: {QUIET}; background: #F1F3F4; }}
.gw-scroll {{ overflow-x: auto; margin-bottom: 0.5rem; }}
table.gw-table {{ border-collapse: collapse; width: 100%; font-size: 0.95rem; }}
table.gw-table caption {{ text-align: left; padding: 0.2rem 0 0.4rem; color: {QUIET}; }}
table.gw-table th {{ background: #EAF0F5; text-align: left; padding: 0.45rem 0.6rem; border-bottom: 2px solid #B9C6D2;
  vertical-align: bottom; font-weight: 600; }}
table.gw-table th .gw-second, table.gw-table td > .gw-second, table.gw-table td > a > .gw-second {{
  display: block; font-weight: 400; }}
table.gw-table td > a {{ white-space: nowrap; font-weight: 600; }}
table.gw-table .gw-chip .gw-second {{ display: block; padding-left: 1.2em; line-height: 1.2; }}
table.gw-table td, table.gw-table tbody th {{ padding: 0.45rem 0.6rem; border-bottom: 1px solid #E3E8ED;
  vertical-align: top; }}
table.gw-table tbody th {{ background: transparent; min-width: 4.6rem; }}
table.gw-table .gw-number {{ text-align: right; font-variant-numeric: tabular-nums; }}
table.gw-table td.gw-number {{ white-space: nowrap; }}
table.gw-table tr.gw-row-bad td, table.gw-table tr.gw-row-bad th {{ background: #FDF4F3; }}
table.gw-table tr.gw-row-struck td, table.gw-table tr.gw-row-struck th {{ text-decoration: line-through; color: {QUIET}; }}
table.gw-table tr.gw-row-rests td, table.gw-table tr.gw-row-rests th {{ background: #EAF0F5; }}
table.gw-table tr.gw-row-moved td, table.gw-table tr.gw-row-moved th {{ background: #F6EDFB; }}
.gw-tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.7rem; }}
.gw-tile {{ border: 1px solid #D5DCE3; border-radius: 6px; padding: 0.6rem 0.9rem; }}
.gw-tile b {{ display: block; font-size: 2rem; line-height: 1.25; }}
.gw-tile small {{ color: {QUIET}; font-size: 0.9rem; }}
.gw-card {{ border: 1px solid #D5DCE3; border-left: 6px solid {QUIET}; border-radius: 6px; padding: 0.7rem 1rem;
  margin-bottom: 0.7rem; }}
.gw-card.gw-card-bad {{ border-left-color: {BAD}; }}
.gw-card.gw-card-open {{ border-left-color: {OPEN}; }}
.gw-card h3 {{ margin: 0 0 0.4rem; padding: 0; font-size: 1.15rem; }}
.gw-card p {{ margin: 0.25rem 0; }}
.gw-bar {{ display: inline-block; width: 7rem; height: 0.7rem; background: #E3E8ED; vertical-align: middle;
  border-radius: 2px; }}
.gw-bar i {{ display: block; height: 100%; background: {ACCENT}; border-radius: 2px; }}
.gw-mono {{ font-family: 'Noto Sans Mono CJK KR', monospace; font-size: 0.88em; overflow-wrap: break-word; }}
table.gw-table td > div[lang] {{ min-width: 15rem; }}
.gw-indent-1 {{ padding-left: 1.4rem !important; }}
.gw-indent-2 {{ padding-left: 2.8rem !important; }}
.gw-indent-3 {{ padding-left: 4.2rem !important; }}
</style>"""
