//! What a door believes that cannot ask whose tokens were taken back.

use crate::cluster::Cluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_door_that_starts_while_auth_is_away_knows_nobody_auth_3() {
    let Some(mut cluster) = Cluster::open().await else {
        return;
    };
    let door = cluster.door.clone();
    let (host, guest) = (door.register("host").await, door.register("guest").await);
    let id = host.publish("Without them", 5).await;
    assert_eq!(guest.join(&id, "k1").await.status, 200);
    let user = guest.get("/api/auth/me").await.json()["data"]["user"]["id"].clone();
    let ban = format!("/api/auth/mod/users/{}/ban", user.as_str().unwrap());
    let moderator = door.sign_in("moderator").await;
    assert_eq!(moderator.post(&ban).await.status, 200);

    cluster.service("auth").kill();
    cluster.service("bff").kill();
    cluster.service("bff").start().unwrap();
    for (somebody, who) in [(&guest, "who is banned"), (&host, "who is not")] {
        let looked = somebody.view(&id).await;
        assert_eq!(
            looked["actions"]["reason"], "auth_required",
            "{who}: {looked}"
        );
    }
    let refused = guest.leave(&id, "k2").await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (401, "unauthorized"),
        "{refused:?}"
    );

    cluster.service("auth").start().unwrap();
    host.view_until(&id, |view| view["actions"]["reason"] == "is_organizer")
        .await;
    let looked = guest.view(&id).await;
    assert_eq!(looked["actions"]["reason"], "auth_required", "{looked}");
    cluster.all_run();
}
