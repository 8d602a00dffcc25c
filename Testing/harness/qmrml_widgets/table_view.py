"""qMRMLTableView: a table node shown as a table."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets

from Testing.harness.stand_ins import kept, stand_in


@stand_in
class qMRMLTableView(QtWidgets.QTableWidget):
    """Shows the texts of a vtkMRMLTableNode as they were when it was set."""

    transposed = kept("bool", "transposed", False)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._node: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene

    def mrmlTableNode(self) -> Any:
        return self._node

    def setMRMLTableNode(self, node: Any) -> None:
        self._node = node
        rows, columns = (node.GetNumberOfRows(), node.GetNumberOfColumns()) if node is not None else (0, 0)
        self.setRowCount(rows)
        self.setColumnCount(columns)
        if node is None:
            return
        self.setHorizontalHeaderLabels([node.GetColumnName(column) for column in range(columns)])
        for row in range(rows):
            for column in range(columns):
                self.setItem(row, column, QtWidgets.QTableWidgetItem(node.GetCellText(row, column)))
