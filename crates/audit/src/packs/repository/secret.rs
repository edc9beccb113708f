//! Credentials in any file.

use crate::model::FactSink;
use crate::model::facts::Secret;
use crate::packs::{Pack, Reader};
use crate::secret::detect;
use crate::source::SourceFile;

pub(super) const PACK: Pack = Pack {
    name: "secrets",
    reader: Reader::Text(read),
};

fn read(file: &SourceFile, facts: &mut FactSink<'_>) {
    facts.covers::<Secret>();
    for found in detect(&file.text, file.language) {
        facts.add(
            Secret {
                credential: found.credential,
                subject: found.subject,
            },
            found.span,
        );
    }
}
