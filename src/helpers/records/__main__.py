"""`python -m helpers.records`: keep a finished run in `results/`."""

from helpers.records import main

raise SystemExit(main())
