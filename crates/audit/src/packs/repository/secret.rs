//! Credentials in any file.

use crate::model::FactSink;
use crate::model::facts::Secret;
use crate::packs::{Pack, Reader};
use crate::secret::{SecretClass, detect};
use crate::source::{Language, SourceFile};

pub(super) const PACK: Pack = Pack {
    name: "secrets",
    reader: Reader::Text(read),
};

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    facts.covers::<Secret>();
    for found in detect(&file.text, file.language) {
        // Code after the tests of a Rust file is test code.
        if file.language == Language::Rust
            && file
                .text
                .get(..found.span.start)
                .is_some_and(|before| before.contains("#[cfg(test)]"))
        {
            continue;
        }
        // A weak password in a commented example opens nothing. A real credential in a comment is a
        // finding.
        if found.credential.class == SecretClass::Weak
            && file.language.is_configuration()
            && is_commented(&file.text, found.span.start)
        {
            continue;
        }
        facts.add(
            Secret {
                credential: found.credential,
                subject: found.subject,
            },
            found.span,
        );
    }
}

fn is_commented(text: &str, at: usize) -> bool {
    let start = text
        .get(..at)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |line| line + 1);
    text.get(start..at).is_some_and(|line| {
        line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//")
    })
}
