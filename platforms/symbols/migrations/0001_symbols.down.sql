DROP TABLE symbol_data;

DROP TABLE symbols;
