use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn requirements() -> Requirements {
    let slot = "16:00".parse().unwrap();
    Requirements {
        category: "App Making".to_owned(),
        gender: None,
        place: Place::new(12.0, 76.0).unwrap(),
        zone_radius_km: 10.0,
        max_sequential_km: 5.0,
        slot,
        planned: vec![Planned {
            number: 1,
            date: date(2026, 12, 1),
            slot,
        }],
    }
}

fn trainer(id: u128) -> Trainer {
    Trainer {
        id: Uuid::from_u128(id),
        gender: Some("female".to_owned()),
        place: Place::new(12.01, 76.0),
        rating_tenths: 45,
        experience: 3,
        specialties: vec!["app-making".to_owned()],
        slots: Vec::new(),
        days: Vec::new(),
        students: 0,
        in_slot: 0,
        is_busy: false,
    }
}

#[test]
fn each_condition_rejects_with_its_reason_api_1() {
    type Change = fn(&mut Trainer);
    let cases: [(&str, Change); 8] = [
        ("NO_PLACE", |trainer| trainer.place = None),
        ("TOO_FAR", |trainer| trainer.place = Place::new(12.2, 76.0)),
        ("GENDER_PREFERENCE", |trainer| {
            trainer.gender = Some("male".to_owned())
        }),
        ("NOT_WORKING", |trainer| {
            trainer.days = vec!["Mon".to_owned()]
        }),
        ("NOT_WORKING", |trainer| {
            trainer.slots = vec!["15:00".parse().unwrap()]
        }),
        ("AT_CAPACITY", |trainer| trainer.students = 7),
        ("SLOT_FULL", |trainer| trainer.in_slot = 5),
        ("SLOT_TAKEN", |trainer| trainer.is_busy = true),
    ];
    let requirements = Requirements {
        gender: Some("female".to_owned()),
        ..requirements()
    };
    assert_eq!(check_eligibility(&requirements, &trainer(1)), Ok(()));
    for (expected, change) in cases {
        let mut trainer = trainer(1);
        change(&mut trainer);
        assert_eq!(
            check_eligibility(&requirements, &trainer)
                .unwrap_err()
                .name(),
            expected
        );
    }
}

#[test]
fn distances_between_sessions_are_short_api_1() {
    let booked = |slot: &str, latitude: f64| Booked {
        date: date(2026, 12, 1),
        slot: slot.parse().unwrap(),
        place: Place::new(latitude, 76.0),
    };
    let far = 12.1;
    assert_eq!(
        check_distances(&requirements(), &[booked("15:00", 12.01)]),
        Ok(())
    );
    assert!(check_distances(&requirements(), &[booked("15:00", far)]).is_err());
    assert!(check_distances(&requirements(), &[booked("18:00", far)]).is_err());
    // Only the nearest session before and after counts.
    let between = [booked("08:00", far), booked("15:00", 12.01)];
    assert_eq!(check_distances(&requirements(), &between), Ok(()));
    let online = Booked {
        place: None,
        ..booked("15:00", far)
    };
    assert_eq!(check_distances(&requirements(), &[online]), Ok(()));
}

#[test]
fn order_follows_the_rules_one_by_one_api_1() {
    let of = |id: u128, change: fn(&mut Trainer)| {
        let mut trainer = trainer(id);
        change(&mut trainer);
        trainer
    };
    let trainers = vec![
        of(9, |trainer| trainer.rating_tenths = 39),
        of(8, |trainer| {
            trainer.specialties = vec!["Video Making".to_owned()]
        }),
        of(7, |trainer| trainer.specialties = vec!["Coding".to_owned()]),
        of(6, |trainer| trainer.students = 4),
        of(5, |trainer| trainer.in_slot = 1),
        of(4, |trainer| trainer.experience = 2),
        of(3, |_| {}),
        of(2, |_| {}),
        of(1, |trainer| trainer.rating_tenths = 44),
    ];
    let (fit, rejected) = rank(&requirements(), trainers);
    let order: Vec<_> = fit.iter().map(|trainer| trainer.id.as_u128()).collect();
    assert_eq!(order, [2, 3, 4, 5, 1, 6, 7, 8, 9]);
    assert!(rejected.is_empty());
}

#[test]
fn capacity_grows_with_the_rating_api_1() {
    let ratings = [50, 46, 45, 41, 40, 36, 35, 31, 30, 0];
    assert_eq!(ratings.map(capacity), [8, 8, 7, 7, 6, 6, 5, 5, 4, 4]);
}

proptest! {
    #[test]
    fn ranking_keeps_hard_conditions_and_loses_no_trainer_data_4(
        given in prop::collection::vec((0..9_u32, 0..7_u32, any::<bool>(), 0..50_u32, -0.2..0.2_f64), 0..40)
    ) {
        let trainers: Vec<_> = (1..).zip(&given).map(|(id, (students, in_slot, is_busy, rating, far))| Trainer {
            students: *students,
            in_slot: *in_slot,
            is_busy: *is_busy,
            rating_tenths: *rating,
            place: Place::new(12.0 + far, 76.0),
            ..trainer(id)
        }).collect();
        let requirements = requirements();
        let (fit, rejected) = rank(&requirements, trainers.clone());
        prop_assert_eq!(fit.len() + rejected.len(), trainers.len());
        for trainer in &fit {
            prop_assert!(!trainer.is_busy && trainer.in_slot < MAX_IN_SLOT);
            prop_assert!(trainer.students < capacity(trainer.rating_tenths));
            prop_assert!(trainer.place.unwrap().distance_km(requirements.place) <= requirements.zone_radius_km);
        }
        // The order does not depend on that of the input.
        let ids = |list: &[Trainer]| list.iter().map(|one| one.id).collect::<Vec<_>>();
        let reversed = rank(&requirements, trainers.into_iter().rev().collect()).0;
        prop_assert_eq!(ids(&fit), ids(&reversed));
    }
}
