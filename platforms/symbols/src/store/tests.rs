use std::sync::{Arc, OnceLock};

use seaworthy::{
    config::{Environment, Loader, Profile},
    data::Database,
    messaging::Messaging,
    outbox::Outbox,
    prelude::*,
    service::RunningService,
};
use seaworthy_testkit::{mariadb::MariadbServer, postgres::PostgresServer, server::Shared};
use tempfile::TempDir;

use super::{MIGRATIONS, Store};
use crate::{
    config::SymbolsConfig,
    domain::{Attributes, Filter, Page, Symbol, SymbolError},
    events::{self, Events},
};

static POSTGRES: Shared<PostgresServer> = Shared::new("SEAWORTHY_TEST_POSTGRES", |program| {
    PostgresServer::start(program)
});
static MARIADB: Shared<MariadbServer> = Shared::new("SEAWORTHY_TEST_MARIADB", |program| {
    MariadbServer::start(program)
});

/// A store in a running service.
struct TestStore {
    store: Store,
    _running: RunningService,
    _folder: TempDir,
}

/// Starts a service with an empty database of an engine. Returns `None` if the server is not
/// installed.
async fn start(engine: &str) -> Option<TestStore> {
    let folder = tempfile::tempdir().unwrap();
    let url = match engine {
        "postgres" => POSTGRES.get()?.database("symbols").unwrap(),
        "mariadb" => MARIADB.get()?.database("symbols").unwrap(),
        _ => format!("sqlite:{}", folder.path().join("new/symbols.db").display()),
    };
    let loader = Loader::new("test")
        .profile(Profile::Test)
        .environment(Environment::default())
        .overrides([
            format!("database.url={url}"),
            "database.migrate_at_start=true".to_owned(),
            "broker.url=memory:".to_owned(),
            "log.level=error".to_owned(),
            "server.http.addr=127.0.0.1:0".to_owned(),
            "admin.addr=127.0.0.1:0".to_owned(),
        ]);
    let store = Arc::new(OnceLock::new());
    let cell = Arc::clone(&store);
    let assemble = async move |service: &Assembly<SymbolsConfig>| {
        let settings = service.settings();
        let database =
            Database::connect(service, "database", &settings.database, MIGRATIONS).await?;
        let messaging = Messaging::connect(service, "broker", &settings.broker).await?;
        let publisher = messaging.publisher(events::topics()).await?;
        let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
        let _ = cell.set(Store::new(database, Events::new(outbox)));
        Ok(())
    };
    let running = Service::new("test", "1").start(loader, assemble).await;
    Some(TestStore {
        _running: running.unwrap(),
        store: store.get().unwrap().clone(),
        _folder: folder,
    })
}

/// Defines each test for every engine.
macro_rules! on_every_engine {
    ($($name:ident),+ $(,)?) => {
        on_every_engine!(@ sqlite $($name),+);
        on_every_engine!(@ postgres $($name),+);
        on_every_engine!(@ mariadb $($name),+);
    };
    (@ $engine:ident $($name:ident),+) => {
        mod $engine {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(test) = super::start(stringify!($engine)).await {
                    super::$name(&test.store).await;
                }
            })+
        }
    };
}

on_every_engine! {
    stored_symbol_is_read,
    uid_is_unique_in_project_until_deletion,
    deleted_symbol_is_not_found,
    ids_beyond_the_range_of_the_store_are_not_found,
    update_changes_project_and_keeps_data,
    update_to_existing_uid_changes_nothing,
    list_is_filtered_ordered_and_counted,
    unsupported_text_is_invalid,
    concurrent_writers_all_succeed,
}

fn attributes(project_id: u64, number: u32) -> Attributes {
    Attributes {
        project_id,
        uid: format!("00000000-0000-4000-8000-{number:012}"),
        label: "Hero".to_owned(),
        class_name: "c-hero".to_owned(),
        component_target: "page".to_owned(),
        version: 1,
    }
}

async fn create(store: &Store, project_id: u64, number: u32) -> Symbol {
    let created = store.create(attributes(project_id, number), vec![0, 255, 16]);
    created.await.unwrap()
}

async fn stored_symbol_is_read(store: &Store) {
    let created = create(store, u64::MAX, u32::MAX).await;
    assert_eq!(created.attributes, attributes(u64::MAX, u32::MAX));
    assert_eq!(created.data, [0, 255, 16]);
    assert_eq!(store.get(created.id).await.unwrap(), created);
}

async fn uid_is_unique_in_project_until_deletion(store: &Store) {
    let first = create(store, 1, 1).await;
    let again = store.create(attributes(1, 1), vec![1]).await;
    assert!(matches!(again, Err(SymbolError::Duplicate)), "{again:?}");
    create(store, 2, 1).await;
    store.delete(first.id).await.unwrap();
    assert!(create(store, 1, 1).await.id > first.id);
}

async fn deleted_symbol_is_not_found(store: &Store) {
    let Symbol { id, .. } = create(store, 1, 1).await;
    store.delete(id).await.unwrap();
    assert!(matches!(store.get(id).await, Err(SymbolError::NotFound)));
    let updated = store.update(id, attributes(1, 1), &[]).await;
    assert!(matches!(updated, Err(SymbolError::NotFound)));
    assert!(matches!(store.delete(id).await, Err(SymbolError::NotFound)));
    let listed = store
        .list(1, &Filter::default(), Page::new(0, 0))
        .await
        .unwrap();
    assert_eq!((listed.symbols.len(), listed.total), (0, 0));
}

async fn ids_beyond_the_range_of_the_store_are_not_found(store: &Store) {
    for id in [1, u64::MAX, 1 << 63] {
        assert!(matches!(store.get(id).await, Err(SymbolError::NotFound)));
    }
}

async fn update_changes_project_and_keeps_data(store: &Store) {
    let created = create(store, 1, 1).await;
    let moved = store
        .update(created.id, attributes(2, 2), &[])
        .await
        .unwrap();
    assert_eq!(moved.attributes, attributes(2, 2));
    assert_eq!(moved.data, created.data);
    let filled = store
        .update(created.id, attributes(2, 2), &[7])
        .await
        .unwrap();
    assert_eq!(filled.data, [7]);
    assert_eq!(store.get(created.id).await.unwrap(), filled);
}

async fn update_to_existing_uid_changes_nothing(store: &Store) {
    create(store, 1, 1).await;
    let second = create(store, 1, 2).await;
    let clash = store.update(second.id, attributes(1, 1), &[7]).await;
    assert!(matches!(clash, Err(SymbolError::Duplicate)));
    assert_eq!(store.get(second.id).await.unwrap(), second);
}

async fn list_is_filtered_ordered_and_counted(store: &Store) {
    for number in 1..=5 {
        create(store, 1, number).await;
    }
    let listed = async |label: Option<&str>, offset, limit| {
        let filter = Filter {
            label: label.map(str::to_owned),
            component_target: Some("page".to_owned()),
        };
        let listed = store
            .list(1, &filter, Page::new(offset, limit))
            .await
            .unwrap();
        let ids: Vec<_> = listed.symbols.iter().map(|(id, _)| *id).collect();
        (ids, listed.total)
    };
    assert_eq!(listed(None, 0, 2).await, (vec![1, 2], 5));
    assert_eq!(listed(Some("Hero"), 4, 2).await, (vec![5], 5));
    assert_eq!(listed(None, i64::MAX as u64, 2).await, (vec![], 5));
    assert_eq!(listed(Some("hero"), 0, 0).await, (vec![], 0));
    assert_eq!(listed(Some(""), 0, 0).await, (vec![], 0));
}

async fn concurrent_writers_all_succeed(store: &Store) {
    let writers = (1..=50).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { create(&store, 1, number).await.id })
    });
    let mut ids = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        ids.push(writer.await.unwrap());
    }
    ids.sort_unstable();
    assert_eq!(ids, (1..=50).collect::<Vec<_>>());
}

async fn unsupported_text_is_invalid(store: &Store) {
    let with_nul = Attributes {
        label: "a\0b".to_owned(),
        ..attributes(1, 1)
    };
    match store.create(with_nul.clone(), vec![1]).await {
        Ok(kept) => assert_eq!(kept.attributes, with_nul),
        Err(error) => {
            let error = Error::from(error);
            assert_eq!(
                (error.code(), error.reason()),
                (Code::Invalid, "VALIDATION_ERROR")
            );
        }
    }
}
