use tempfile::TempDir;

use super::Store;
use crate::{
    config::StoreConfig,
    domain::{Attributes, Filter, Page, Symbol, SymbolError},
};

async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("new/symbols.db").display());
    let settings = StoreConfig {
        url,
        ..StoreConfig::default()
    };
    (Store::open(&settings).await.unwrap(), folder)
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

#[tokio::test]
async fn what_is_stored_is_read_back() {
    let (store, _folder) = store().await;
    let created = create(&store, u64::MAX, u32::MAX).await;
    assert_eq!(created.attributes, attributes(u64::MAX, u32::MAX));
    assert_eq!(created.data, [0, 255, 16]);
    assert_eq!(store.get(created.id).await.unwrap(), created);
}

#[tokio::test]
async fn a_uid_is_unique_in_its_project_until_its_symbol_is_removed() {
    let (store, _folder) = store().await;
    let first = create(&store, 1, 1).await;
    let again = store.create(attributes(1, 1), vec![1]).await;
    assert!(matches!(again, Err(SymbolError::Duplicate)), "{again:?}");
    create(&store, 2, 1).await;
    store.delete(first.id).await.unwrap();
    assert!(create(&store, 1, 1).await.id > first.id);
}

#[tokio::test]
async fn a_removed_symbol_is_found_by_no_method() {
    let (store, _folder) = store().await;
    let Symbol { id, .. } = create(&store, 1, 1).await;
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

#[tokio::test]
async fn ids_that_the_store_never_gives_are_not_found() {
    let (store, _folder) = store().await;
    for id in [1, u64::MAX, 1 << 63] {
        assert!(matches!(store.get(id).await, Err(SymbolError::NotFound)));
    }
}

#[tokio::test]
async fn an_update_moves_a_symbol_and_keeps_its_data_where_none_is_given() {
    let (store, _folder) = store().await;
    let created = create(&store, 1, 1).await;
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

#[tokio::test]
async fn an_update_to_a_taken_uid_changes_nothing() {
    let (store, _folder) = store().await;
    create(&store, 1, 1).await;
    let second = create(&store, 1, 2).await;
    let clash = store.update(second.id, attributes(1, 1), &[7]).await;
    assert!(matches!(clash, Err(SymbolError::Duplicate)));
    assert_eq!(store.get(second.id).await.unwrap(), second);
}

#[tokio::test]
async fn a_list_is_filtered_exactly_ordered_and_counted() {
    let (store, _folder) = store().await;
    for number in 1..=5 {
        create(&store, 1, number).await;
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

#[tokio::test]
async fn many_writers_wait_for_each_other_and_none_fails() {
    let (store, _folder) = store().await;
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
