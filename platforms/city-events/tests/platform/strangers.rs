use crate::house::House;

/// More than any service lets one address guess at once.
const GUESSES: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_strangers_make_up_shut_nobody_out_res_6() {
    let house = House::open().await;
    let host = house.register("host").await;
    let id = host.publish("Still open", 5).await;
    let mut stranger = house.nobody();
    stranger.token = Some("e30.e30.AA".to_owned());
    for path in ["/api/me/events", "/api/me/joins"] {
        for _ in 0..GUESSES {
            let refused = stranger.get(path).await;
            assert!([401, 429].contains(&refused.status), "{path}: {refused:?}");
        }
    }
    assert_eq!(house.nobody().get("/api/events").await.status, 200);
    assert_eq!(host.get("/api/me/events").await.status, 200);
    let view = host.view(&id).await;
    assert_eq!(view["actions"]["reason"], "is_organizer", "{view}");
    house.platform.stop().await;
}
