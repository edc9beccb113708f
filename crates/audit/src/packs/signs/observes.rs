use crate::model::facts::Observation;
use crate::model::{FactSink, FactStore};
use crate::repository::{Role, Tracked};
use crate::source::SourceFile;

/// Whether a reader observes something in a deployed file.
pub(super) fn observes(read: fn(&SourceFile, &mut FactSink<'_>), path: &str, text: &str) -> bool {
    let file = SourceFile::new(path, text, Role::Production, Tracked::Yes);
    let mut store = FactStore::default();
    read(&file, &mut FactSink::new(&file, &mut store));
    !store.of::<Observation>().items.is_empty()
}
