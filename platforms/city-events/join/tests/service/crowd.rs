//! Crowds, and what they leave behind.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use futures::future::join_all;
use seaworthy::data::sql;
use serde_json::Value;
use uuid::Uuid;

use crate::history::{Call, agrees_with_the_clock, history, obeys_the_rules};
use crate::house::{Announced, House, Person, code, joined, user};

async fn timed(user: Uuid, call: impl Future<Output = (u16, Value)>) -> (Call, (u16, Value)) {
    let asked = Instant::now();
    let answer = call.await;
    let answered = Instant::now();
    let call = Call {
        user,
        asked,
        answered,
    };
    (call, answer)
}

fn people(number: usize) -> Vec<Person> {
    (0..number).map(|_| user()).collect()
}

async fn all_join(
    house: &House,
    event: &Announced,
    people: &[Person],
) -> Vec<(Call, (u16, Value))> {
    let calls = people
        .iter()
        .map(|person| timed(person.id, house.join(event, person)));
    join_all(calls).await
}

/// In the order in which they joined.
async fn users(house: &House, event: &Announced, status: &str) -> Vec<Uuid> {
    let users: Vec<(Uuid,)> =
        sql("SELECT user_id FROM joins WHERE event_id = ? AND status = ? ORDER BY created_at, id")
            .bind(event.id)
            .bind(status)
            .fetch_all(&house.database)
            .await
            .unwrap();
    users.into_iter().map(|(user,)| user).collect()
}

/// Two thousand at once, of whom half of those with a place then leave.
async fn crowd(house: &House, places: usize, waitlist: usize) {
    let event = house.event(i32::try_from(places).unwrap()).await;
    let crowd = people(2_000);
    let calls = all_join(house, &event, &crowd).await;
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (_, answer) in &calls {
        let outcome = match answer.0 {
            200 => joined(answer),
            _ => code(answer).1,
        };
        *counts.entry(outcome).or_default() += 1;
    }
    let waiting = waitlist.min(2_000 - places);
    assert_eq!(counts["active"], places, "{counts:?}");
    assert_eq!(counts["waitlisted"], waiting, "{counts:?}");
    let full = counts.get("event.full").copied().unwrap_or_default();
    assert_eq!(
        places + waiting + full,
        2_000,
        "no error but the contract's: {counts:?}"
    );

    let lines = history(&house.database, event.id).await;
    obeys_the_rules(&lines, places, waitlist);
    let calls: Vec<_> = calls.into_iter().map(|(call, _)| call).collect();
    agrees_with_the_clock(&lines, &calls, |_| true);
    let order: Vec<_> = lines.iter().map(|line| line.user).collect();
    let (active, queue) = (
        users(house, &event, "active").await,
        users(house, &event, "waitlisted").await,
    );
    assert_eq!(active, order[..places], "the first have the places");
    assert_eq!(
        queue,
        order[places..],
        "the others wait in the order in which they came"
    );

    let leaving: HashSet<_> = active.iter().take(50).copied().collect();
    let leaving: Vec<_> = crowd
        .iter()
        .filter(|person| leaving.contains(&person.id))
        .collect();
    let left = join_all(leaving.iter().map(|person| house.leave(&event, person))).await;
    assert!(left.iter().all(|answer| answer.0 == 200));
    assert_eq!(
        house.seats(&event).await,
        (places as u64, (waiting - 50) as u64)
    );
    let lines = history(&house.database, event.id).await;
    obeys_the_rules(&lines, places, waitlist);
    let promoted: Vec<_> = lines
        .iter()
        .filter(|line| line.from.as_deref() == Some("waitlisted") && line.to == "active")
        .map(|line| line.user)
        .collect();
    assert_eq!(promoted, queue[..50], "exactly the first fifty");
}

pub(crate) async fn of_two_thousand_at_once_one_hundred_get_places_and_the_rest_wait_in_order(
    house: House,
) {
    crowd(&house, 100, 2_000).await;
}

pub(crate) async fn with_the_contracts_waitlist_one_hundred_wait_and_the_rest_are_told_that_it_is_full(
    house: House,
) {
    crowd(&house, 100, 100).await;
}

pub(crate) async fn a_crowd_that_comes_and_goes_leaves_a_history_that_one_after_the_other_could_have_made(
    house: House,
) {
    let event = house.event(5).await;
    let crowd = people(120);
    let lives = crowd.iter().enumerate().map(|(number, person)| {
        let (house, event) = (&house, &event);
        async move {
            for _ in 0..2 {
                let answer = house.join(event, person).await;
                assert!([200, 409].contains(&answer.0), "{}", answer.1);
                if number % 3 != 0 {
                    let answer = house.leave(event, person).await;
                    assert!([200, 404].contains(&answer.0), "{}", answer.1);
                }
            }
        }
    });
    join_all(lives).await;
    let lines = history(&house.database, event.id).await;
    obeys_the_rules(&lines, 5, 20);
    let active = users(&house, &event, "active").await.len() as u64;
    let waiting = users(&house, &event, "waitlisted").await.len() as u64;
    assert_eq!(
        house.seats(&event).await,
        (active, waiting),
        "lists equal counters"
    );
    assert_eq!(active, 5);
}
