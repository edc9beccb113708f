DROP TABLE symbol_history;
