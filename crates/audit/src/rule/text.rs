//! Words in the texts of a service, for rules whose facts leave a question open.

use aho_corasick::AhoCorasick;

use crate::model::{Model, Service};
use crate::repository::Role;
use crate::source::Location;

/// Whether a text of a service, or a manifest in its folder, contains one of the words. Case is
/// ignored. Without a readable text the answer is yes, because nothing is known.
#[must_use]
pub fn texts_contain(model: &Model, service: &Service, words: &[&str]) -> bool {
    let Ok(searcher) = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
    else {
        return true;
    };
    let root = service.root.as_deref().unwrap_or_default();
    let manifest = |path: &str| {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folder == root && service.root.is_some() && !path.ends_with(".md")
    };
    let mut read = false;
    let found = model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| matches!(file.role, Role::Production | Role::Generated))
        .filter(|file| service.files.contains(&file.path) || manifest(&file.path))
        .any(|file| {
            read |= service.files.contains(&file.path);
            searcher.is_match(&*file.text)
        });
    found || !read
}

/// Whether a text of any service or library contains one of the words. Case is ignored.
#[must_use]
pub fn repository_contains(model: &Model, words: &[&str]) -> bool {
    let Ok(searcher) = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
    else {
        return true;
    };
    model
        .files
        .values()
        .map(|found| &found.file)
        .filter(|file| matches!(file.role, Role::Production | Role::Generated))
        .any(|file| searcher.is_match(&*file.text))
}

/// The last `CMD` or `ENTRYPOINT` of a Dockerfile: the place where the process of the image starts.
#[must_use]
pub fn start_of_image(model: &Model, dockerfile: &str) -> Option<Location> {
    let text = &model.files.get(dockerfile)?.file.text;
    let start = ["\nCMD ", "\nENTRYPOINT "]
        .iter()
        .filter_map(|word| text.rfind(word))
        .max()?;
    let line = text.get(start + 1..)?.lines().next()?;
    model.location(dockerfile, start + 1..start + 1 + line.len(), None)
}
