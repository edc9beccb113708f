//! Redis as a cache: a configuration without persistence.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Model;
use crate::model::facts::Workload;
use crate::source::Located;

/// `save ""`, `--save ''`, `"--save", ""`, `maxmemory-policy allkeys-lru`
static DISCARDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)(?:^|[\s\-"'])save["']?[,\s]+(?:\\?["']){2}|\bmaxmemory-policy["']?[,\s]+["']?allkeys-"#).ok()
});
/// `appendonly yes`, `"--appendonly", "yes"`
static APPENDS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"\bappendonly["']?[,\s]+["']?yes\b"#).ok());

/// Whether the manifest, or a settings file or manifest beside it, turns the persistence of Redis
/// off or deletes any key if memory is short.
pub(super) fn is_cache(model: &Model, workload: &Located<Workload>) -> bool {
    let own = workload
        .at
        .path
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let texts = || {
        model
            .files
            .values()
            .map(|found| &found.file)
            .filter(|file| {
                let settings = [".conf", ".yaml", ".yml"]
                    .iter()
                    .any(|end| file.path.ends_with(end));
                settings && file.folder() == own
            })
            .map(|file| &*file.text)
    };
    let matches = |regex: &LazyLock<Option<Regex>>| {
        texts().any(|text| regex.as_ref().is_some_and(|regex| regex.is_match(text)))
    };
    matches(&DISCARDS) && !matches(&APPENDS)
}

#[cfg(test)]
mod tests {
    use super::{APPENDS, DISCARDS};

    #[test]
    fn settings_without_persistence_are_recognized() {
        let discards = DISCARDS.as_ref().unwrap();
        for text in [
            "save \"\"\nappendonly no\n",
            "args: [\"--save\", \"\", \"--appendonly\", \"no\"]",
            "command: redis-server --save ''",
            "maxmemory-policy allkeys-lru",
        ] {
            assert!(discards.is_match(text), "{text}");
        }
        for text in ["save 900 1", "autosave \"\"", "maxmemory-policy noeviction"] {
            assert!(!discards.is_match(text), "{text}");
        }
        assert!(APPENDS.as_ref().unwrap().is_match("appendonly yes"));
    }
}
