//! Manifests of languages that are not read.

use super::deployed::is_covered;
use super::source::{CodeLanguage, Sources, inside};
use crate::model::NotAudited;
use crate::model::service::Service;
use crate::repository::Role;
use crate::source::SourceFile;

/// Programs of languages without a grammar that have no Dockerfile in their folder.
pub(super) fn unread(
    services: &[Service],
    known: &[NotAudited],
    sources: &Sources<'_>,
) -> Vec<NotAudited> {
    let mut folders: Vec<(&str, &SourceFile, &'static str)> = sources
        .files
        .values()
        .filter(|found| found.file.role == Role::Production)
        .filter_map(|found| Some((found.file.folder(), &found.file, program(&found.file)?)))
        .collect();
    folders.sort_by_key(|(folder, ..)| *folder);
    let mut listed: Vec<(&str, &str)> = Vec::new();
    let mut found = Vec::new();
    for (folder, file, language) in folders {
        let has_code = sources
            .orphans(folder)
            .contains_key(&CodeLanguage::Unread(language));
        let repeated = listed
            .iter()
            .any(|(outer, own)| *own == language && inside(folder, outer));
        let in_image = is_covered(services, folder)
            || known
                .iter()
                .any(|one| one.reason.contains(language) && near(&one.path, folder));
        if !has_code || repeated || in_image {
            continue;
        }
        listed.push((folder, language));
        found.push(NotAudited {
            name: name(services, folder, language),
            reason: format!("its language, {language}, is not read"),
            path: file.path.to_string(),
            line: 1,
        });
    }
    found
}

/// The name of the service in a folder, or of the folder.
fn name(services: &[Service], folder: &str, language: &str) -> String {
    let joined = services.iter().find(|service| {
        service.root.as_deref() == Some(folder) && service.languages.contains(language)
    });
    match (joined, folder.rsplit('/').next()) {
        (Some(service), _) => service.name.clone(),
        (None, Some(last)) if !last.is_empty() => last.to_owned(),
        _ => language.to_owned(),
    }
}

/// Whether a folder is inside the folder of a Dockerfile. A Dockerfile in the root counts for every
/// folder.
fn near(dockerfile: &str, folder: &str) -> bool {
    let own = dockerfile.rsplit_once('/').map_or("", |(folder, _)| folder);
    inside(folder, own)
}

/// Returns the language of a program by its manifest, or `None` for a library.
fn program(file: &SourceFile) -> Option<&'static str> {
    let text = &file.text;
    let name = file.name();
    match name {
        "composer.json" => {
            let manifest: serde_json::Value = serde_json::from_str(text).ok()?;
            let kind = manifest.get("type").and_then(serde_json::Value::as_str);
            (kind != Some("library")).then_some("PHP")
        }
        "Gemfile" => (!text.lines().any(|line| line.trim() == "gemspec")).then_some("Ruby"),
        "mix.exs" => Some("Elixir"),
        "build.sbt" => Some("Scala"),
        _ if name.ends_with(".csproj") => (text.contains("Microsoft.NET.Sdk.Web")
            || text.contains("Microsoft.NET.Sdk.Worker")
            || text.contains("<OutputType>Exe"))
        .then_some("C#"),
        _ => None,
    }
}
