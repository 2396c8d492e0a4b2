"""What MkDocs does besides: the pages of the tools in the navigation, and the two texts of the root that the site has too."""

import re
import shutil
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
FROM_ROOT = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Texts of the root, and what they are called in the site."""


def on_config(config):
    """Put the pages of the tools, by group, below the list of the tools."""
    groups, entry = [], next(one for one in config.nav if "Tools" in one)
    for line in (ROOT / "docs" / "tools" / "index.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            groups.append({line[3:]: []})
        elif found := re.match(r"\| \[(.+?)\]\((\w+\.md)\)", line):
            next(iter(groups[-1].values())).append({found[1]: f"tools/{found[2]}"})
    entry["Tools"] = [{"All tools": entry["Tools"]}, *groups]
    return config


def on_files(files, config):
    """Add the texts of the root, with their links as they are from docs/."""
    for name, called in FROM_ROOT.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, called, content=re.sub(r"\]\(docs/", "](", text)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Lead links to the texts of the root to their pages in the site."""
    for name, called in FROM_ROOT.items():
        markdown = re.sub(rf"\]\((\.\./)+{name}", f"]({'../' * page.file.src_uri.count('/')}{called}", markdown)
    return markdown


def on_post_build(config):
    """Leave out what pages opened from a disk do not need: fonts (the system has some), an icon, maps for robots."""
    site = Path(config.site_dir)
    shutil.rmtree(site / "css" / "fonts", ignore_errors=True)
    for name in ("img/favicon.ico", "sitemap.xml", "sitemap.xml.gz"):
        (site / name).unlink(missing_ok=True)
