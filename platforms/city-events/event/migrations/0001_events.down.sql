DROP TABLE event_counts;
-- on postgres:
DROP TABLE public.events;
-- end
-- on mysql, sqlite:
DROP TABLE events;
-- end
