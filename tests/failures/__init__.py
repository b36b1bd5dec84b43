"""Ways in which others have failed, each as a test.

They are public reports about other billing software, turned into what must happen here instead. ``@failure``
says which of the numbered reports a test answers, and ``test_complete`` sees to it that none is missing.
"""
