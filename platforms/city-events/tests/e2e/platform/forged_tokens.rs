use crate::app::TestApp;

/// More invalid tokens than any service accepts from one IP address in a short time.
const REQUESTS: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_tokens_do_not_lock_out_other_users_res_6() {
    let app = TestApp::start().await;
    let host = app.register("host").await;
    let id = host.publish("Still open", 5).await;
    let attacker = app.with_token("e30.e30.AA");
    for path in ["/api/me/events", "/api/me/joins"] {
        for _ in 0..REQUESTS {
            let rejected = attacker.get(path).await;
            assert!(
                [401, 429].contains(&rejected.status),
                "{path}: {rejected:?}"
            );
        }
    }
    assert_eq!(app.anonymous().get("/api/events").await.status, 200);
    assert_eq!(host.get("/api/me/events").await.status, 200);
    let view = host.view(&id).await;
    assert_eq!(view["actions"]["reason"], "is_organizer", "{view}");
    app.stop().await;
}
