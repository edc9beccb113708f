use seaworthy_storage::{ListOptions, ListPage};

use crate::fixture::{TestStorage, key};

fn keys(page: &ListPage) -> Vec<&str> {
    page.objects
        .iter()
        .map(|object| object.key.as_str())
        .collect()
}

pub(crate) async fn unusual_keys_round_trip_file_1(test: TestStorage) {
    let long = ["k".repeat(200), "l".repeat(200), "m".repeat(200)].join("/");
    let mut all = vec![
        "...",
        ".hidden",
        "A",
        "a b+c",
        "a&b=c?d#e",
        "d-a/f-b",
        "e/é ü ß",
        "percent%2e%2e%2Fx",
        "quote\"'<>",
        "tilde~!*()",
        "名前/🎈.jpg",
        &long,
    ];
    for name in &all {
        test.put(name, (*name).to_owned()).await;
    }
    for name in &all {
        assert_eq!(test.read(name).await, *name);
        assert_eq!(
            test.storage.head(&key(name)).await.unwrap().size,
            u64::try_from(name.len()).unwrap()
        );
    }
    all.sort_unstable();
    let page = test.storage.list(&ListOptions::new("")).await.unwrap();
    assert_eq!(keys(&page), all);
    for name in &all {
        test.storage.delete(&key(name)).await.unwrap();
    }
    let page = test.storage.list(&ListOptions::new("")).await.unwrap();
    assert!(page.objects.is_empty());
}

pub(crate) async fn lists_are_in_key_order_file_1(test: TestStorage) {
    let all = ["a-b", "a.b", "a/b", "a/b-c", "a/c/d", "a0", "b/c"];
    for name in all.iter().rev() {
        test.put(name, "12345").await;
    }
    let page = test.storage.list(&ListOptions::new("")).await.unwrap();
    assert_eq!(keys(&page), all);
    assert_eq!(page.next, None);
    for object in &page.objects {
        let head = test.storage.head(&object.key).await.unwrap();
        assert_eq!((object.size, &object.etag), (5, &head.etag));
    }
}

pub(crate) async fn lists_have_prefixes_and_pages_file_1(test: TestStorage) {
    let names: Vec<_> = (0..25)
        .map(|number| format!("p/{}/{number:02}", number % 5))
        .collect();
    for name in names.iter().map(String::as_str).chain(["p", "q/1", "o/1"]) {
        if name != "p" {
            test.put(name, "x").await;
        }
    }
    let mut sorted = names.clone();
    sorted.sort_unstable();
    for size in [1, 2, 5, 7, 25, 26] {
        let mut options = ListOptions::new("p/").max_keys(size);
        let mut all = Vec::new();
        loop {
            let page = test.storage.list(&options).await.unwrap();
            assert!(page.objects.len() <= usize::from(size));
            all.extend(page.objects.iter().map(|object| object.key.to_string()));
            match page.next {
                Some(next) => options = options.start_after(next),
                None => break,
            }
        }
        assert_eq!(all, sorted, "{size}");
    }
    for (prefix, count) in [("p/1", 5), ("p/1/", 5), ("p/1/0", 2), ("p/9", 0), ("q", 1)] {
        let page = test.storage.list(&ListOptions::new(prefix)).await.unwrap();
        assert_eq!(page.objects.len(), count, "{prefix}");
    }
    let after = ListOptions::new("").start_after(key("p/3/99"));
    let page = test.storage.list(&after).await.unwrap();
    assert_eq!(page.objects.len(), 6);
}

pub(crate) async fn empty_lists_have_no_next_page_file_1(test: TestStorage) {
    let page = test.storage.list(&ListOptions::new("")).await.unwrap();
    assert_eq!(page, ListPage::default());
    let page = test
        .storage
        .list(&ListOptions::new("a/../b"))
        .await
        .unwrap();
    assert_eq!(page, ListPage::default());
    test.storage
        .list(&ListOptions::new("a\nb"))
        .await
        .unwrap_err();
}
