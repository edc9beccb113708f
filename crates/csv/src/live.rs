//! Progress for connected clients.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use seaworthy_config::Settings;
use seaworthy_core::{Error, Timeout};
use seaworthy_data::sql;
use seaworthy_realtime::{Event, Hub, InvalidRoom, Room};
use seaworthy_service::{Assembly, Schedule, Worker};
use uuid::Uuid;

use crate::{CsvImport, ImportError, ImportRows, Imports, import::import_columns};

/// The interval of the worker. Progress is visible within this time.
const INTERVAL: Timeout = Timeout::from_secs(1);
/// Maximum number of imports that one statement reads.
const PAGE_SIZE: usize = 200;
const ROOM: &str = "csv-import";
const EVENT: &str = "progress";

pub(crate) fn room(id: Uuid) -> Result<Room, InvalidRoom> {
    Room::new(ROOM, id)
}

/// Starts the worker that emits the progress of imports with connected clients. It reads the rows,
/// because another replica may run the import.
pub(crate) fn start<R: ImportRows, C: Settings>(
    service: &Assembly<C>,
    imports: &Imports<R>,
    hub: &Hub,
) {
    let (imports, hub) = (imports.clone(), hub.clone());
    let last: Arc<Mutex<HashMap<Uuid, CsvImport>>> = Arc::default();
    let name = format!("emit progress of {}", R::KIND);
    service.worker(Worker::new(name, Schedule::Interval(INTERVAL), move |_| {
        let (imports, hub, last) = (imports.clone(), hub.clone(), Arc::clone(&last));
        async move { Ok::<_, Error>(emit(&imports, &hub, &last).await?) }
    }));
}

async fn emit<R: ImportRows>(
    imports: &Imports<R>,
    hub: &Hub,
    last: &Mutex<HashMap<Uuid, CsvImport>>,
) -> Result<(), ImportError> {
    let ids = hub.rooms().into_iter().filter_map(|room| {
        let id = room.as_str().strip_prefix(ROOM)?.strip_prefix(':')?;
        Uuid::try_parse(id).ok()
    });
    let ids: Vec<Uuid> = ids.collect();
    last.lock().retain(|id, _| ids.contains(id));
    for page in ids.chunks(PAGE_SIZE) {
        let read = sql(concat!(
            "SELECT ",
            import_columns!(),
            " FROM csv_imports WHERE id IN (?*)"
        ));
        let read: Vec<CsvImport> = read
            .bind_list(page.iter().copied())
            .fetch_all(&imports.0.database)
            .await?;
        for import in read {
            let before = last.lock().insert(import.id, import.clone());
            let has_changed = before.is_none_or(|before| before != import);
            if has_changed
                && let (Ok(room), Ok(event)) = (room(import.id), Event::new(EVENT, &import))
            {
                hub.emit(&room, event);
            }
        }
    }
    Ok(())
}
