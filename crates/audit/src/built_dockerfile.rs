//! Dockerfiles that compose builds, whatever their name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::FileFacts;
use crate::model::facts::ComposeService;
use crate::packs;
use crate::repository::{Limits, Role};
use crate::source::{Language, Located, SourceFile};

/// Reads a Dockerfile of another name as a deployed one, if compose builds it: `Dockerfile.dev` or
/// `api.docker`. A file for developers keeps its role if the service may have another image.
pub(crate) fn read_built(files: &mut BTreeMap<Arc<str>, FileFacts>, limits: &Limits) {
    let entries: Vec<Located<ComposeService>> = files
        .values()
        .filter(|found| found.file.role == Role::Production)
        .flat_map(|found| found.facts.of::<ComposeService>().items.clone())
        .collect();
    let built: Vec<SourceFile> = files
        .values()
        .map(|found| &found.file)
        .filter(|file| is_hidden_by_name(file))
        .filter(|file| {
            entries.iter().any(|entry| {
                builds(entry, file)
                    && entry.profiles.is_empty()
                    && (file.role != Role::Development
                        || !has_another_image(entry, file, &entries, files))
            })
        })
        .cloned()
        .collect();
    for mut file in built {
        file.role = Role::Production;
        file.language = Language::Containerfile;
        let (facts, failure) = packs::read(&file, limits);
        if failure.is_none() {
            files.insert(file.path.clone(), FileFacts { file, facts });
        }
    }
}

/// Whether the file would be a deployed Dockerfile if its name were `Dockerfile`.
fn is_hidden_by_name(file: &SourceFile) -> bool {
    let hidden = match file.language {
        Language::Containerfile => file.role == Role::Development,
        Language::Text => matches!(file.role, Role::Development | Role::Production),
        _ => false,
    };
    hidden && Role::of(&format!("{}/Dockerfile", file.folder()), &file.text) == Role::Production
}

fn builds(entry: &ComposeService, file: &SourceFile) -> bool {
    entry.dockerfile.as_deref() == Some(&*file.path)
}

/// Whether another compose file runs the service without this Dockerfile, or another Dockerfile in
/// its folder or context belongs to no other service.
fn has_another_image(
    entry: &Located<ComposeService>,
    file: &SourceFile,
    entries: &[Located<ComposeService>],
    files: &BTreeMap<Arc<str>, FileFacts>,
) -> bool {
    let context = entry.context.as_deref().unwrap_or_default();
    entries
        .iter()
        .any(|other| other.name == entry.name && !builds(other, file))
        || files.values().map(|found| &found.file).any(|other| {
            is_production_dockerfile(other)
                && (other.folder() == file.folder() || is_inside(other.folder(), context))
                && !entries
                    .iter()
                    .any(|user| user.name != entry.name && builds(user, other))
        })
}

fn is_production_dockerfile(file: &SourceFile) -> bool {
    let lower = file.name().to_lowercase();
    file.role == Role::Production
        && matches!(file.language, Language::Containerfile | Language::Text)
        && (lower.contains("dockerfile") || lower.contains("containerfile"))
        && !lower.ends_with(".dockerignore")
}

fn is_inside(folder: &str, context: &str) -> bool {
    context.is_empty()
        || folder
            .strip_prefix(context)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::read_built;
    use crate::model::FileFacts;
    use crate::model::facts::Image;
    use crate::packs;
    use crate::repository::{Limits, Role, Tracked};
    use crate::source::SourceFile;

    const COMPOSE: &str =
        "services:\n  api:\n    build:\n      context: api\n      dockerfile: Dockerfile.dev\n";
    const IMAGE: &str = "FROM node:22\nCMD [\"node\", \"main.js\"]\n";

    fn is_read(path: &str, files: &[(&str, &str)]) -> bool {
        let mut all = BTreeMap::new();
        for (path, text) in files {
            let file = SourceFile::new(path, text, Role::of(path, text), Tracked::Unknown);
            let (facts, failure) = packs::read(&file, &Limits::default());
            assert_eq!(failure, None);
            all.insert(file.path.clone(), FileFacts { file, facts });
        }
        read_built(&mut all, &Limits::default());
        let image = &all[path];
        image.file.role == Role::Production && !image.facts.of::<Image>().items.is_empty()
    }

    fn is_development_image_read(compose: &str, others: &[(&str, &str)]) -> bool {
        let mut files = vec![
            ("docker-compose.yml", compose),
            ("api/Dockerfile.dev", IMAGE),
        ];
        files.extend(others);
        is_read("api/Dockerfile.dev", &files)
    }

    #[test]
    fn only_image_of_a_service_is_read_whatever_its_name() {
        assert!(is_development_image_read(COMPOSE, &[]));
        let two = format!("{COMPOSE}  web:\n    build: ./api/web\n");
        assert!(is_development_image_read(
            &two,
            &[("api/web/Dockerfile", IMAGE)]
        ));
        let compose = COMPOSE.replace("Dockerfile.dev", "api.docker");
        let files = [
            ("docker-compose.yml", compose.as_str()),
            ("api/api.docker", IMAGE),
        ];
        assert!(is_read("api/api.docker", &files));
    }

    #[test]
    fn image_for_developers_stays_ignored_beside_another() {
        let other = "services:\n  api:\n    image: registry.example.org/api:1.0\n";
        assert!(!is_development_image_read(
            COMPOSE,
            &[("api/Dockerfile", IMAGE)]
        ));
        assert!(!is_development_image_read(
            COMPOSE,
            &[("api/build/Dockerfile.prod", IMAGE)]
        ));
        assert!(!is_development_image_read(
            COMPOSE,
            &[("docker-compose.prod.yml", other)]
        ));
    }

    #[test]
    fn image_for_developers_stays_ignored_without_a_build() {
        assert!(!is_development_image_read(
            "services:\n  api:\n    image: api\n",
            &[]
        ));
        let profile = format!("{COMPOSE}    profiles: [tools]\n");
        assert!(!is_development_image_read(&profile, &[]));
        let text = format!("# This image is for development only.\n{IMAGE}");
        let files = [
            ("docker-compose.yml", COMPOSE),
            ("api/Dockerfile.dev", text.as_str()),
        ];
        assert!(!is_read("api/Dockerfile.dev", &files));
    }
}
