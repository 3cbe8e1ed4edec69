import sys

from span_theorem.cli import main

sys.exit(main())
