//! Start scripts of a Nest workspace that name an application which the workspace does not have.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::model::Model;
use crate::source::Location;

static SCRIPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#""start:prod"\s*:\s*"[^"\n]*\bnode\s+(?:[^"\n]*\s)?(?:\./)?(?P<path>dist/[\w./-]+)"#,
    )
    .ok()
});

/// The paths of start scripts that no build of a workspace writes, with the files of the scripts.
/// A workspace writes each application to `dist` and its root.
pub(super) fn paths(model: &Model) -> Vec<(&str, Location)> {
    let Some(pattern) = SCRIPT.as_ref() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for settings in model
        .files
        .values()
        .filter(|found| found.file.name() == "nest-cli.json")
    {
        let roots = roots(&settings.file.text);
        let folder = settings.file.folder();
        let manifest = if folder.is_empty() {
            "package.json".to_owned()
        } else {
            format!("{folder}/package.json")
        };
        let Some(manifest) = model
            .files
            .get(manifest.as_str())
            .filter(|_| !roots.is_empty())
        else {
            continue;
        };
        let path = pattern
            .captures(&manifest.file.text)
            .and_then(|captures| captures.name("path"));
        if let Some(path) = path
            && !roots
                .iter()
                .any(|root| path.as_str().starts_with(&format!("dist/{root}/")))
        {
            let at = manifest.file.location(path.range(), None);
            found.push((&*manifest.file.path, at));
        }
    }
    found
}

/// The roots of the applications of a workspace. Empty if the settings are of one application.
fn roots(text: &str) -> Vec<String> {
    let Ok(settings) = serde_json::from_str::<Value>(text) else {
        return Vec::new();
    };
    if settings.get("monorepo").and_then(Value::as_bool) != Some(true) {
        return Vec::new();
    }
    settings
        .get("projects")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|projects| projects.values())
        .filter_map(|project| project.get("root")?.as_str())
        .map(|root| root.trim_matches('/').to_owned())
        .collect()
}
