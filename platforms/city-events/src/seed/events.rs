//! The sample events.

pub(super) struct SampleEvent {
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) city: &'static str,
    pub(super) category: &'static str,
    pub(super) in_days: i64,
    pub(super) hour: u32,
    pub(super) hours: i64,
    pub(super) capacity: i32,
    /// The number of sample users who join.
    pub(super) participants: usize,
    pub(super) is_published: bool,
}

const fn sample(
    title: &'static str,
    (city, category): (&'static str, &'static str),
    (in_days, hour, hours): (i64, u32, i64),
    (capacity, participants): (i32, usize),
    description: &'static str,
) -> SampleEvent {
    SampleEvent {
        title,
        description,
        city,
        category,
        in_days,
        hour,
        hours,
        capacity,
        participants,
        is_published: true,
    }
}

pub(super) const EVENTS: [SampleEvent; 17] = [
    sample(
        "Late jazz in the old brewery",
        ("Berlin", "Music"),
        (1, 19, 3),
        (60, 5),
        "A trio, an old piano and good acoustics.\n\nThe venue opens 30 minutes before the concert. Soup is available.",
    ),
    sample(
        "Rust for people who like sleep",
        ("Berlin", "Tech"),
        (2, 17, 2),
        (40, 6),
        "Three short talks about reliable services, and time for questions.\n\nBring a laptop if you like.",
    ),
    sample(
        "Supper for six strangers",
        ("Lisbon", "Food"),
        (2, 18, 3),
        (4, 4),
        "One table, four guests, two hosts who love to cook. The menu follows the market.\n\nSmall on purpose: there is a waitlist, and it moves.",
    ),
    sample(
        "Sunrise run along the river",
        ("Vienna", "Sports"),
        (3, 5, 1),
        (0, 4),
        "Seven slow kilometres and coffee afterwards. Everyone is welcome at any pace.",
    ),
    sample(
        "Life drawing, no talent needed",
        ("Paris", "Art"),
        (3, 18, 2),
        (18, 3),
        "Paper, charcoal and patient light. A model sits for twenty poses, from thirty seconds to twenty minutes.",
    ),
    sample(
        "Night walk: bats of the park",
        ("London", "Outdoors"),
        (4, 20, 2),
        (25, 4),
        "With detectors that make the inaudible audible. Wear something warm and leave the torch at home.",
    ),
    sample(
        "Repair café",
        ("Amsterdam", "Community"),
        (5, 11, 5),
        (80, 5),
        "Bring what is broken. Nine volunteers, a sewing machine, soldering irons and a great deal of tape.",
    ),
    sample(
        "How the city gets its water",
        ("Zurich", "Learning"),
        (5, 16, 2),
        (30, 2),
        "A tour of rooms that are usually closed, led by the plant's engineer.",
    ),
    sample(
        "Balkan brass on the square",
        ("Budapest", "Music"),
        (6, 17, 4),
        (0, 6),
        "Eleven players, no amplifiers. Bring shoes that you can dance in.",
    ),
    sample(
        "Postgres incidents, explained",
        ("London", "Tech"),
        (7, 18, 2),
        (50, 5),
        "Locks, vacuum and the query that was fine yesterday. Stories with plans attached.",
    ),
    sample(
        "Sourdough from nothing",
        ("Copenhagen", "Food"),
        (8, 9, 4),
        (12, 4),
        "Flour, water, time. Everyone takes home a starter and a loaf, and knows why it rose.",
    ),
    sample(
        "Bouldering for beginners",
        ("Berlin", "Sports"),
        (9, 16, 2),
        (10, 3),
        "Shoes are there. Falling is taught first.",
    ),
    sample(
        "Linocut: print your street",
        ("Lisbon", "Art"),
        (10, 14, 4),
        (14, 2),
        "From a photograph of your front door to a print on good paper, in one afternoon.",
    ),
    sample(
        "Wild swimming, tides permitting",
        ("Lisbon", "Outdoors"),
        (12, 7, 2),
        (20, 1),
        "We meet at the lighthouse, look at the water, and decide together.",
    ),
    sample(
        "Board games and one big table",
        ("Vienna", "Community"),
        (13, 17, 5),
        (24, 4),
        "Forty games, eight seats at the big table. Newcomers choose first.",
    ),
    sample(
        "A gentle introduction to the night sky",
        ("Zurich", "Learning"),
        (16, 20, 3),
        (22, 3),
        "Two telescopes, one astronomer, and as many constellations as the clouds allow.",
    ),
    SampleEvent {
        is_published: false,
        ..sample(
            "Open air cinema (looking for a wall)",
            ("Berlin", "Art"),
            (30, 20, 3),
            (120, 0),
            "A projector, a hundred cushions, and no wall yet. Only the host sees this draft.",
        )
    },
];
